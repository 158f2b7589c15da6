"""Everything this package refuses.

LabelConfigError(ValueError)
+-- InterfaceError        a labeling interface that cannot be read: names tag and attribute
+-- ResultError           a result that does not fit its interface: names control and region
+-- GuidelinesError       guidelines that cannot be read: names the entry
+-- ExportFormatError     a text that is no JSON export: names line and column, or the task
"""


class LabelConfigError(ValueError):
    """A labeling interface or an answer that is refused."""


class InterfaceError(LabelConfigError):
    """A labeling interface that cannot be read; the text names the tag and the attribute."""


class ResultError(LabelConfigError):
    """A result that does not fit its labeling interface; the text names the control and the region."""


class GuidelinesError(LabelConfigError):
    """Guidelines that cannot be read, or do not fit the labeling interface; the text names the entry."""


class ExportFormatError(LabelConfigError):
    """A text that is no JSON export of Label Studio; the message names line and column, or the task."""
