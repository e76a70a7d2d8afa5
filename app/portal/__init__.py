"""The public platform (供需平台): what anybody may read, and how anybody is heard."""
