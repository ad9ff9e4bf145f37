"""The networks and the SVM: what they are, how they are stored, and how they are run."""
