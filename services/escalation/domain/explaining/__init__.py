"""How an episode came to be as it is, told afterwards: `steps` what happened, `outlook` what happens next."""
