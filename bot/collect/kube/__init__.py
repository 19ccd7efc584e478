"""The Kubernetes API: who one is (`kubeconfig`, `auth`), requests (`client`), and whole kinds (`lists`)."""
