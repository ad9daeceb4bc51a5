#!/usr/bin/env bash
# From features of trimmed clips to scores: an untrimmed dataset is composed of them, two methods train on its tags.
# CLIPS holds clips.json and features.npy (docs/datasets.md); without it, clips are made up by examples/make_clips.py.
#   bash examples/from_clips.sh [CLIPS] [OUT]
set -euo pipefail
clips=${1:-} out=${2:-out/from-clips}
if [ -e "$out" ]; then
    echo "from_clips.sh: $out exists already; expected a new folder, such as: bash examples/from_clips.sh '' out/other" >&2
    exit 2
fi
if [ -z "$clips" ]; then
    clips=$out/clips
    python "$(dirname "$0")/make_clips.py" "$clips"
fi
weaktal compose "$clips" "$out/dataset" --train 60 --test 30
for method in mil cbp; do
    weaktal train "$out/dataset" --method "$method" --features i3d --run "$out/$method" --preset quick
    weaktal localize "$out/$method" "$out/dataset" --out "$out/$method.json"
    weaktal evaluate "$out/dataset" "$out/$method.json"
done
