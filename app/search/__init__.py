"""One box over cases, organisations, papers, notices and people: what is found is what one may see."""
