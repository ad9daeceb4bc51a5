"""Methods, one a file that reads like its paper: which phases, what is frozen, which losses, in which order.

A method's module defines its settings (``CONFIG``, a :class:`~weaktal.methods.base.MethodConfig`) and ``build``, which
makes the method from them. ``METHODS`` says which module that is; it is imported when the method is used. ``SETTINGS``
says where its settings are to be had without torch. ``presets/METHOD/NAME.yaml`` are settings that have a name. Other
packages bring methods of their own as entry points, see :mod:`weaktal.methods.base`; ``examples/own_method`` is one.
"""

METHODS = {
    "mil": "weaktal.methods.mil",
    "cbp": "weaktal.methods.cbp",
    "mmsd": "weaktal.methods.mmsd",
    "collab": "weaktal.methods.collab",
}
SETTINGS = {
    "mil": "weaktal.methods.mil_config:MilConfig",
    "cbp": "weaktal.methods.cbp_config:CbpConfig",
    "mmsd": "weaktal.methods.mmsd_config:MMSDConfig",
    "collab": "weaktal.methods.collab.settings:CollabConfig",
}
