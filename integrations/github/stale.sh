#!/usr/bin/env bash
# Checks data and keeps one issue open while something in it is stale or wrong: opened, kept up to date, closed.
# Usage: stale.sh PATH… ; needs `tco` and `gh`, and GH_TOKEN with issues: write.
set -euo pipefail

title='Price, hardware or tariff data needs a look'
marker='<!-- tco:stale -->'
body=$(mktemp)
said=$(mktemp)
trap 'rm -f "$body" "$said"' EXIT
code=0
printf '%s\n' "$marker" >"$body"
# The format `comment` fits into an issue; `markdown` may not.
tco check --fail-on warning --format comment -- "$@" >>"$body" 2>"$said" || code=$?
sed 's/^/| /' "$said" >&2
if [ "$code" -gt 1 ]; then { printf '\nNot checked:\n\n' && head -n 50 "$said" | sed 's/^/    /'; } >>"$body"; fi
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat "$body" >>"$GITHUB_STEP_SUMMARY"

# Anybody may open an issue with the marker: only one of our own is changed.
me=$(gh api graphql --raw-field query='{viewer {login}}' --jq .data.viewer.login)
listed=$(gh api "repos/$GITHUB_REPOSITORY/issues?state=open&per_page=100" --paginate \
    --jq '.[] | select(.pull_request | not) | select((.body // "") | startswith("<!-- tco:stale -->"))
          | [.number, .user.login] | @tsv')
number=$(printf '%s\n' "$listed" | awk -F '\t' -v me="$me" '$2 == me && !found { found = $1 } END { print found }')
if [ "$code" -eq 0 ]; then
    [ -z "$number" ] || gh issue close "$number" --repo "$GITHUB_REPOSITORY" --comment 'Nothing is stale or wrong any more.'
elif [ -n "$number" ]; then
    gh issue edit "$number" --repo "$GITHUB_REPOSITORY" --body-file "$body"
else
    gh issue create --repo "$GITHUB_REPOSITORY" --title "$title" --body-file "$body"
fi
# A finding is what the issue is for; input that cannot be read or data that is missing fails the job as well.
[ "$code" -le 1 ] || exit "$code"
