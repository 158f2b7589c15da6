"""Everything this package refuses.

LabelConfigError(ValueError)
+-- InterfaceError        a labeling interface that cannot be read: names tag and attribute
+-- ResultError           a result that does not fit its interface: names control and region
"""


class LabelConfigError(ValueError):
    """A labeling interface or an answer that is refused."""


class InterfaceError(LabelConfigError):
    """A labeling interface that cannot be read; the text names the tag and the attribute."""


class ResultError(LabelConfigError):
    """A result that does not fit its labeling interface; the text names the control and the region."""
