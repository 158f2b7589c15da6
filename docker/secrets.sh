#!/bin/sh
# Draws every secret of docker-compose.yml, once, into docker/secrets/: a file each, none of them committed.
#   sh docker/secrets.sh [FOLDER]
set -eu
folder=${1:-$(dirname "$0")/secrets}
if [ -e "$folder" ]; then
    echo "$folder is there already: it holds the passwords that the databases were made with, so nothing is drawn anew" >&2
    exit 1
fi
# Only you can enter the folder. The files themselves are read in the containers, by users that are not you.
umask 022
mkdir -m 700 "$folder"

draw() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }
keep() { printf '%s\n' "$2" >"$folder/$1"; }

database=$(draw 24)
token=$(draw 20)
keep database_password "$database"
keep store "postgresql+psycopg://label_studio:$database@database:5432/tiebreak"
keep label_studio_token "$token"
keep label_studio_password "$(draw 12)"
keep secret "$(draw 24)"
keep dashboard_password "$(draw 12)"
# Label Studio's image sources this file (ENV_INJECT_SOURCES).
keep label_studio "export POSTGRE_PASSWORD=$database
export LABEL_STUDIO_PASSWORD=$(cat "$folder/label_studio_password")
export LABEL_STUDIO_USER_TOKEN=$token"
echo "Wrote $folder. Log in to Label Studio with the password in label_studio_password, to the dashboard as manager with"
echo "the one in dashboard_password."
