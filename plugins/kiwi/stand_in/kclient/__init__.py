"""What plugins of Kiwi Backup import of its client: `from kclient import bos`, and the logger `kclient.runner`."""
