"""A rendered world: figures that do sports in recognizable scenes, filmed by cameras that pan and cut.

It stands in for video where none can be downloaded: see docs/world.md. Nothing here imports torch; OpenCV and PyAV,
of the ``video`` extra, are imported when something is drawn or written.

- ``actions``: TARGETS, OTHERS, ACTIONS; ``scenes``: SCENES, ELSEWHERE;
- ``still.render_still(seed)``: a picture with the facts that a caption may speak of;
- ``clip.render_clip(action, seed, frames)``: a trimmed clip, its window laid around the peak;
- ``script.plan_video(seed)``: what happens when in an untrimmed video; ``render.frames(plan)``: its frames;
- ``dataset.make_world(folder)``: a dataset folder of such videos.

Layers, each importing only those before it: poses, camera, figure; action, moves, actions; backdrop, places, scenes;
shot, people, casting, stage; still, clip, script, render; dataset, contact_sheet.
"""
