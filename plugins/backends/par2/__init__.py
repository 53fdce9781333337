"""`par2+URL`: a store whose objects carry what mends them."""
