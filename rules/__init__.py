"""Facts, knowledge and inference: what kdiag knows, apart from where facts come from and who reads the answer."""
