"""From trained networks to the folder that the app serves."""
