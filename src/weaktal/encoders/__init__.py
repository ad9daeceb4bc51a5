"""What a network is that turns video into features: I3D, CLIP and other vision-language models, and their weights.

``i3d`` and ``clip`` are the networks, ``vision_language`` the interface that every vision-language encoder shares,
``prompts`` puts learnable vectors around class names; ``networks`` makes them alike for the extraction, ``diet`` says
what each eats. ``names`` lists what encoders are called, ``catalog`` finds one by its name, weaktal's own or another
package's, ``builders`` builds those that need weights from elsewhere; ``weights`` knows which weights exist and where
they lie, ``download`` fetches them. ``world/`` holds the small encoders whose weights come with weaktal.

Modules here may import ``weaktal.data`` and ``weaktal.video``; they know nothing of datasets, models or methods.
"""
