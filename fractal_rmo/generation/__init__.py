"""What language models are asked, and what of their answers is let in.  Nothing here asks one."""
