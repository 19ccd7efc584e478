"""Secrets are masked, and nothing else is."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.collect.redact import redact

JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"

PLANTED = {
    "bearer token": (
        "curl -H 'Authorization: Bearer 0123456789abcdefSECRET' https://api:6443",
        "0123456789abcdefSECRET",
    ),
    "basic auth header": ("Authorization: Basic dXNlcjpTRUNSRVQ=", "dXNlcjpTRUNSRVQ="),
    "jwt": (f"token expired: {JWT} at 12:00", JWT.split(".")[1]),
    "password in a URL": ("dial postgres://app:s3cretPW@db.shop:5432/app failed", "s3cretPW"),
    "key=value": ("DSN host=db user=app password=s3cretPW sslmode=off", "s3cretPW"),
    "environment": ("DB_PASSWORD=s3cretPW", "s3cretPW"),
    "yaml": ("spec:\n  password: s3cretPW\n  user: app\n", "s3cretPW"),
    "yaml with a comment": ("password: s3cretPW  # change me", "s3cretPW"),
    "json": ('{"user": "app", "password": "s3cretPW"}', "s3cretPW"),
    "container environment": ("env:\n- name: API_TOKEN\n  value: s3cretPW\n- name: MODE\n  value: fast\n", "s3cretPW"),
    "flag": ("kubeadm join 10.0.0.1:6443 --token abcdef.0123456789abcdef --v=5", "0123456789abcdef"),
    "aws key id": ("using AKIAIOSFODNN7EXAMPLE for s3", "IOSFODNN7EXAMPLE"),
    "aws secret key": ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI"),
    "google key": ("key AIzaSyA1234567890abcdefghijklmnopqrstuv used", "SyA1234567890"),
    "azure key": ("AccountName=x;AccountKey=bGV0bWVpbg==;EndpointSuffix=core", "bGV0bWVpbg"),
    "azure sas": ("GET https://x.blob.core.windows.net/c?sv=2024&sig=abcdefghijklmnop%2Bqrs", "ijklmnop"),
    "github token": ("git clone https://ghp_abcdefghijklmnopqrstuvwxyz0123@github.com/x", "abcdefghijklmnop"),
    "slack token": ("SLACK xoxb-123456789012-abcdefGHIJ", "123456789012"),
    "slack hook": ("POST https://hooks.slack.com/services/T000/B000/abcdefgh", "abcdefgh"),
    "private key": (
        "x\n-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\ny",
        "MIIEowIBAAKCAQEA",
    ),
    "private key cut off": (
        "-----BEGIN PRIVATE KEY-----\nMIIEowIBAAKCAQEAabcdef\nMIIEowIBAAKCAQEAabcdeg\n",
        "MIIEowIBAAKC",
    ),
    "kubeconfig key": ("users:\n- user:\n    client-key-data: LS0tLS1CRUdJTg==\n", "LS0tLS1CRUdJTg"),
    "kubeconfig token": ("- name: me\n  user:\n    token: abcdefSECRET\n", "abcdefSECRET"),
    "docker config": ('{"auths": {"r.example.com": {"auth": "dXNlcjpwYXNz"}}}', "dXNlcjpwYXNz"),
    "secret in yaml": ("apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  user: Ym9i\n", "Ym9i"),
    "secret block scalar": (
        "kind: Secret\nstringData:\n  conf: |\n    line one\n    line two\ntype: Opaque\n",
        "line two",
    ),
    "secret in a list": ("items:\n- data:\n    k: djE=\n  kind: Secret\n- data: {}\n  kind: ConfigMap\n", "djE="),
    "secret in json": ('{"kind": "Secret", "data": {"k": "djE="}, "metadata": {"name": "db"}}', "djE="),
    "data before kind": ('{"data": {"k": "djE="}, "kind": "Secret"}', "djE="),
    "typed list": ('{"kind": "SecretList", "items": [{"data": {"k": "djE="}}]}', "djE="),
}

HARMLESS = [
    'MountVolume.SetUp failed for volume "kube-api-access" : failed to fetch token: pods "web-0" not found',
    'secret "database-secret" not found',
    'pq: password authentication failed for user "ledger" (10.96.12.4:5432)',
    "fetching OAuth token: unexpected status 401 Unauthorized",
    'unable to fetch token: Post "https://10.0.0.1:6443": dial tcp',
    "error: failed to get token: timeout",
    "couldn't find key token in Secret shop/db",
    "x509: private key does not match public key",
    "secretName: web-tls",
    "serviceAccountToken: {expirationSeconds: 3607, path: token}",
    "env:\n- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef: {name: db, key: password}",
    "  secret:\n    secretName: web-tls\n",
    'name: "webapp.18078ae99d54aad7"',
    "image: registry.example.com/web@sha256:7ed0066a9cdd8120a0b0c95f57bc4a505882b499efa5bde855876d6387ff3a1a",
    "token: ${TOKEN}",
    "kind: ConfigMap\ndata:\n  a: b\n",
    "kubectl create secret generic database-secret",
    "10.244.1.27:8080/healthz: connect: connection refused",
]


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_secret_is_masked(kind: str) -> None:
    text, secret = PLANTED[kind]
    masked = redact(text)
    assert secret not in masked
    assert "***" in masked


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_only_the_value_is_masked() -> None:
    assert redact("host=db password=s3cret sslmode=off") == "host=db password=*** sslmode=off"


def test_a_masked_manifest_is_still_yaml() -> None:
    text = "kind: Secret\nmetadata:\n  name: db\ndata:\n  user: Ym9i\n---\npassword: hunter2\n"
    secret, other = yaml.safe_load_all(redact(text))
    assert secret["data"] == {"user": "***"}
    assert other == {"password": "***"}


def test_a_masked_list_is_still_json_and_other_objects_keep_their_data() -> None:
    objects = [{"kind": "Secret", "data": {"k": "djE="}}, {"kind": "ConfigMap", "data": {"k": "v"}}]
    items = json.loads(redact(json.dumps({"kind": "List", "items": objects}, indent=2)))["items"]
    assert items == [{"kind": "Secret", "data": {"k": "***"}}, {"kind": "ConfigMap", "data": {"k": "v"}}]


@given(st.text(st.characters()))
def test_any_text_can_be_redacted(text: str) -> None:
    assert isinstance(redact(text), str)


@pytest.mark.parametrize("unit", ["-----BEGIN PRIVATE KEY-----", "token: ", '{"kind":"Secret","data":{', "a://b:"])
@pytest.mark.timeout(120)  # hours, if the cost grew with the square of the length
def test_cost_grows_with_length_only(unit: str) -> None:
    assert redact(unit * (512 * 1024 // len(unit)))
