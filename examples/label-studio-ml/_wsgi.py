"""What `label-studio-ml start` runs; for other WSGI servers it is `_wsgi:app`."""

import argparse

from label_studio_ml.api import init_app
from model import Tiebreak

app = init_app(model_class=Tiebreak)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-p", "--port", type=int, default=9090)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--basic-auth-user")
    parser.add_argument("--basic-auth-pass")
    given = parser.parse_args()
    init_app(Tiebreak, given.basic_auth_user, given.basic_auth_pass).run(given.host, given.port)
