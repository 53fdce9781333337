"""What a store can really do: checks that any store can be put to, by a command and by the tests of each backend."""
