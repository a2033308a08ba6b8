"""Shell completion: what the word under the cursor can become, asked by small scripts in bash, zsh and fish.

The protocol is the one by which the `docker` command asks its plugins: the words so far as arguments behind
`__complete`; the answer is a candidate a line, with a tab and a description where there is one, and last `:N`,
in which the bits of N say what the shell has to do.
"""

from __future__ import annotations

# Arguments by which the program is asked. The second one takes a whole line, for a shell that can't split it as we do.
ASKED = "__complete"
ASKED_PLAIN = "__completeNoDesc"
ASKED_BY_LINE = "__completeLine"

NO_SPACE = 2
NO_FILES = 4
FOLDERS_ONLY = 16
