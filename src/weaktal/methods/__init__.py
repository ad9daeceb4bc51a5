"""Methods, one a file that reads like its paper: which phases, what is frozen, which losses, in which order.

A method's module defines its settings (``CONFIG``, a :class:`~weaktal.methods.base.MethodConfig`) and ``build``, which
makes the method from them. ``METHODS`` says which module that is; it is imported when the method is used. Other
packages bring methods of their own as entry points, see :mod:`weaktal.methods.base`; ``examples/own_method`` is one.
"""

METHODS = {
    "mil": "weaktal.methods.mil",
    "cbp": "weaktal.methods.cbp",
    "mmsd": "weaktal.methods.mmsd",
    "collab": "weaktal.methods.collab",
}
