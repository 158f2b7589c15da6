"""The one style sheet of the ready-made interfaces: ``template`` puts it where a file says ``<Style/>``.

Label Studio cleans a Style as if it were HTML, so no selector here has a ``>``. What begins with ``lsf-`` or ``ant-``
are its own classes: a version that renames them looks plainer, and works. What explains keys is not shown in reviews,
which ask beside the task and suggest nothing.
"""

STYLE = """
    .verify { display: flex; flex-wrap: wrap; gap: 16px 32px; align-items: flex-start; }
    .verify-ask { flex: 1 1 240px; max-width: 340px; position: sticky; top: 0; }
    .verify-ask .lsf-choice { margin: 0 0 4px; }
    .verify-ask .ant-checkbox-wrapper { display: flex; align-items: center; padding: 4px 12px; font-size: 15px;
        border: 1px solid rgba(128, 128, 128, 0.35); border-radius: 6px; }
    .verify-ask .ant-checkbox-wrapper-checked { border-color: #4b5fae; background: rgba(75, 95, 174, 0.16); }
    .verify-ask .lsf-hint { top: 0; margin-left: 8px; font-size: 12px; opacity: 0.7; }
    .verify-keys { margin-top: 12px; opacity: 0.75; }
    .verify-keys h4 { font-size: 13px; font-weight: 400; line-height: 1.5; }
    .tiebreak .verify-keys { display: none; }
    .verify-task { flex: 3 1 420px; min-width: 0; }
    .verify-task .lsf-object { margin-bottom: 12px; }
    .verify-task .lsf-richtext, .verify-task .lsf-htx-richtext { font-size: 16px; line-height: 1.6; }
    .verify-read { max-height: 72vh; overflow-y: auto; max-width: 44em; }
    .verify-pair { display: flex; flex-wrap: wrap; gap: 16px; align-items: flex-start; }
    .verify-side { flex: 1 1 260px; min-width: 0; max-height: 72vh; overflow-y: auto; }
  """
