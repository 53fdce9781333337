"""What `yester serve` can be asked, a module a noun: what each method takes, and the command that it is."""
