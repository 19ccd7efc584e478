# syntax=docker/dockerfile:1

# What compiles (durable_rules is C, published as source) stays in this stage.
FROM python:3.11-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
COPY requirements-build.lock requirements.lock ./
RUN python -m venv /build \
 && /build/bin/pip install --require-hashes -r requirements-build.lock \
 && /build/bin/pip wheel --require-hashes --no-build-isolation -w /wheels -r requirements.lock
COPY pyproject.toml ./
COPY bot bot
COPY rules rules
COPY knowledge knowledge
# bot/slack/manifest.yaml is a link to it.
COPY slack slack
# No pip in the environment that is shipped: --python lets this one install into it.
RUN /build/bin/pip wheel --no-deps --no-build-isolation -w /wheels . \
 && python -m venv --without-pip /opt/kdiag \
 && /build/bin/pip --python /opt/kdiag/bin/python install --no-index --no-deps --compile /wheels/*.whl

FROM python:3.11-slim
COPY --from=build /opt/kdiag /opt/kdiag
# Everything is compiled already, and nothing is written outside mounted volumes: the root may be read-only.
ENV PATH=/opt/kdiag/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# Numeric, so that Kubernetes can check runAsNonRoot.
USER 10001:10001
ENTRYPOINT ["kdiag"]
CMD ["serve"]
