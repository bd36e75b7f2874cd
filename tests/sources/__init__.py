"""What the five source documents show, as they show it: a module for each, a test for each item.

What other tests show already is named in the modules' docstrings, under the sources' own headings. The second
source's tutorial as a whole, with the topics' signals of the third and the Telegram link of the fifth, is
docs/tutorial.md, whose commands tests/docs/test_tutorial.py runs.
"""
