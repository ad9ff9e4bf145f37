"""What any training needs: whole files, a cache, processes, logs."""
