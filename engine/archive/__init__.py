"""Cold storage: packs that an archive keeps, so that the online copy may go."""
