"""Plays a cluster's nodes, scheduler, kubelets and workload controllers, itself a Kubernetes client and nothing more.

Everything happens because a watch said so: an object is ready when what it needs is there. Only what takes time in a
real cluster as well (pulling an image, ending a process) waits, as long as the sandbox's pace says.
"""
