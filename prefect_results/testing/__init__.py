"""Contract suites: test classes that every filesystem, serializer and run store must pass.

What belongs here: one module for each port. A subclass says how to make the thing to be tested, in
this project's tests or in a user's. Needs pytest.
"""
