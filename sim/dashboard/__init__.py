"""The live city in the browser: arms of a scenario side by side, with the same luck and the same clock.

arena, events, history   what runs, what was changed on the fly, what happened to a cell or a citizen
picture, charts, saving  maps as PNG, charts as SVG, the state as a scenario file
page, panels, controls   what is on the page, built of Solara components over a reactive model
server, overlays         serves it to this computer alone, without a network

Loaded only when somebody looks: it needs the extra `view`.
"""
