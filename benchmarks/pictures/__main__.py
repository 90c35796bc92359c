from benchmarks.pictures import IMAGES, PICTURES

for name, draw in PICTURES.items():
    (IMAGES / name).write_text(draw())
