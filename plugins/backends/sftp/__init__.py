"""A repository on another machine, over the SFTP that its SSH server speaks."""
