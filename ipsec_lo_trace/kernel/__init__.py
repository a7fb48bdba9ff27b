"""The modelled kernel: files and functions named as under sys/.

A stage consumes the mbuf and says in a verdict where the packet goes; everything else here is a query, an
ordinary call that gives the packet back.  Stages never import each other.
"""
