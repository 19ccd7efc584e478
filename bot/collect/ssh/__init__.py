"""Hosts over SSH: the closed list of commands (`commands`), one connection a host (`connection`), and what it all
says (`collector`)."""
