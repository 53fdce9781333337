"""What the plugin `usb` is made of: drives that can be taken away, and the volatile data of a Kolibri."""
