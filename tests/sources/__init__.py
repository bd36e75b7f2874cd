"""What the five source documents show, as they show it: a module for each, a test for each item.

What other tests show already is named in the modules' docstrings, under the sources' own headings.
"""
