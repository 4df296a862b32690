"""The same membrane in other programs, side by side with ours:  PYTHONPATH=benchmarks python -m peers"""
