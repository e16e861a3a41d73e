"""Where should an LLM workload run, what does each option cost, and when does the answer change?"""

__version__ = "0.1.0"
