"""etcd itself: its health and what it holds, over the v2 API (2015) and the JSON gateway of v3. Nothing is written."""
