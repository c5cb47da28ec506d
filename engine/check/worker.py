"""The child process of `check` and of running shows: reads what to judge, one a line, and answers each in JSON."""

from __future__ import annotations

import faulthandler
import json
import os
import sys
from pathlib import Path


def main() -> int:
    """Judges until there are no more paths. What effects print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    width, height = (int(v) for v in sys.argv[1].split("x"))
    limit_s = float(sys.argv[2])
    preview = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    from ..renderer.gpu import Gpu
    from .judge import Judge, quiet
    from .watch import busy

    quiet()
    gpu = Gpu.headless()
    judge = Judge(gpu, (width, height), preview)
    exhibit = judge.exhibit
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        # Whoever asks stops it at the limit. Should that process have been killed meanwhile, this one ends by itself.
        faulthandler.dump_traceback_later(2.0 * limit_s * busy(), exit=True)
        wanted = json.loads(line)
        if isinstance(wanted, dict):
            answer = {"error": exhibit.trial(**wanted) if "values" in wanted else exhibit.load(**wanted)}
        else:
            answer = judge.judge(Path(wanted)).table()
        print(json.dumps(answer, ensure_ascii=True), file=answers, flush=True)
        faulthandler.cancel_dump_traceback_later()
    judge.close()
    gpu.context.release()
    return 0


if __name__ == "__main__":
    sys.exit(main())
