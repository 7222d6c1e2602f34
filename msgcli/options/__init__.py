"""Option bundles: a bundle declares several options and hands a command one value made of them."""
