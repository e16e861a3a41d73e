#!/usr/bin/env bash
# Keeps one comment on the pull request up to date: replaces our own one that begins with the marker, else writes it.
# A comment that cannot be written (a pull request from a fork has a token that may only read) is a warning.
set -euo pipefail

[ -s "${TCO_REPORT:-}" ] || exit 0
PATH=$RUNNER_TEMP/tco-venv/bin:$PATH
said=$(mktemp "$RUNNER_TEMP/tco-comment.XXXXXX")
number=$(python -I -c '
import json, sys
print(int(json.load(open(sys.argv[1], encoding="utf-8"))["pull_request"]["number"]))' "$GITHUB_EVENT_PATH")
comments=repos/$GITHUB_REPOSITORY/issues/$number/comments

keep() {
    local me listed id
    # Anybody may write a comment with the marker: only one of our own is replaced.
    me=$(gh api graphql --raw-field query='{viewer {login}}' --jq .data.viewer.login) || return 1
    listed=$(gh api "$comments" --paginate \
        --jq '.[] | select((.body // "") | startswith("<!-- tco:check -->")) | [.id, .user.login] | @tsv') || return 1
    id=$(printf '%s\n' "$listed" | awk -F '\t' -v me="$me" '$2 == me && !found { found = $1 } END { print found }')
    if [ -n "$id" ]; then
        gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$id" --field "body=@$TCO_REPORT" --silent
    else
        gh api --method POST "$comments" --field "body=@$TCO_REPORT" --silent
    fi
}

if ! keep 2>"$said"; then
    why=$(head -n 5 "$said" | tr '\r\n' '  ')
    echo "::warning title=tco check::the comment could not be written: ${why//'%'/%25}(it needs pull-requests: write," \
        "which a pull request from a fork does not get; the job summary has the report)"
fi
