"""What the engines' own tools read before they connect: variables of the environment, and files.

A pack's section `environment` says which there are and what their words mean; here are the grammars. Nothing of it is
read with `environment=false`.
"""
