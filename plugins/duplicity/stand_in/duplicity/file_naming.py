"""Which of duplicity's own files a name belongs to; some backends keep them out of a cold tier. None is yester's."""

import re

_TIME = rb"[0-9]{8}T[0-9]{6}Z"
_FULL = rb"\.(?P<time>" + _TIME + rb")"
_INC = rb"\.(?P<start_time>" + _TIME + rb")\.to\.(?P<end_time>" + _TIME + rb")"
_VOLUME = rb"\.vol(?P<num>[0-9]+)\.difftar"
_END = rb"(?:\.(?:gpg|gz|g|z))*$"

full_vol_re = re.compile(rb"^.*duplicity-full" + _FULL + _VOLUME + _END)
full_manifest_re = re.compile(rb"^.*duplicity-full" + _FULL + rb"\.manifest" + _END)
inc_vol_re = re.compile(rb"^.*duplicity-inc" + _INC + _VOLUME + _END)
inc_manifest_re = re.compile(rb"^.*duplicity-inc" + _INC + rb"\.manifest" + _END)
full_sig_re = re.compile(rb"^.*duplicity-full-signatures" + _FULL + rb"\.sigtar" + _END)
new_sig_re = re.compile(rb"^.*duplicity-new-signatures" + _INC + rb"\.sigtar" + _END)
