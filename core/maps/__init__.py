"""Maps of one radiograph on the command line: any method, any network, as a picture or as numbers."""
