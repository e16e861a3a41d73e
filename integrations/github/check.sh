#!/usr/bin/env bash
# Checks TCO_FILES, and what TCO_WORKLOADS cost, on a pull request against the base branch. Annotations go to stdout;
# the report goes to the job summary and to the file that the output `report` names. Leaves with 0 whatever is found,
# so that the comment is still written: the answer is the output `exit-code`.
# Runs on bash 3.2, which macOS has.
set -euo pipefail

PATH=$RUNNER_TEMP/tco-venv/bin:$PATH
# What is written in the checkout, under a plain relative name that can be taken off the paths in the report.
here=.tco-check
scratch=$(mktemp -d "$RUNNER_TEMP/tco-check.XXXXXX")
report=$scratch/report.md
worst=0
files=() workloads=() day=() data=() baseline=() results=()

# shellcheck disable=SC2329  # a trap calls it
clean_up() {
    [ ! -e "$here/base" ] || git worktree remove --force "$here/base" || true
    rm -rf "$here"
}

annotate() {  # annotate LEVEL TEXT
    local text=${2//'%'/%25}
    text=${text//$'\r'/%0D}
    printf '::%s title=tco check::%s\n' "$1" "${text//$'\n'/%0A}"
}

leaves() {  # leaves CODE: remember the worst; 2, wrong input, comes before every other code
    if [ "$worst" -ne 2 ] && { [ "$1" -eq 2 ] || [ "$1" -gt "$worst" ]; }; then worst=$1; fi
}

fails() {  # fails CODE TEXT: something cannot be checked
    annotate error "$2"
    printf '%s\n' "$2" >>"$scratch/problems"
    leaves "$1"
}

named() {  # what is read, with the paths of the repository; `base:` is before a path of the base branch
    sed -e 's#\.tco-check/now/##g' -e 's#\.tco-check/base/#base:#g' -e 's#\.tco-check/was/#base:#g'
}

said() {  # what the last command wrote to stderr
    head -n 20 "$scratch/stderr" | named
}

logged() {  # the same for the log, where no line of it can be a command to the runner
    named <"$scratch/stderr" | sed -e 's/^/| /' -e 's/##\[/# #[/g' >&2
}

base_commit() {  # what the pull request is compared with; nothing on other events
    local pair base head first second fork
    pair=$(python -I -c '
import json, sys
pull = json.load(open(sys.argv[1], encoding="utf-8")).get("pull_request") or {}
print(*(pull.get(side, {}).get("sha", "") for side in ("base", "head")))' "$GITHUB_EVENT_PATH")
    read -r base head <<<"$pair"
    [ -n "$base" ] || return 0
    # The event may name an old commit of the base branch. A checked-out merge has the right one as its first parent;
    # `cat-file` sees it in a shallow clone as well.
    read -r first second <<<"$(git cat-file -p HEAD | sed -n '1,/^$/s/^parent //p' | tr '\n' ' ')"
    if [ "$second" = "$head" ]; then
        base=$first
    elif [ "$(git rev-parse --is-shallow-repository)" = false ] && fork=$(git merge-base HEAD "$base" 2>/dev/null); then
        base=$fork
    fi
    printf '%s\n' "$base"
}

check_out_base() {  # check_out_base COMMIT: the base branch beside this one
    git cat-file -e "$1^{commit}" 2>/dev/null ||
        git fetch --quiet --no-tags --depth=1 origin "$1" &&
        git -c core.hooksPath=/dev/null worktree add --quiet --force --detach "$here/base" "$1"
}

usable() {  # usable PATH: whether it can be a baseline; one that cannot be read is said
    local code=0
    printf 'assumptions: [{id: base, value: 1 USD/h, source: base}]\n' >"$scratch/probe.yaml"
    tco check --fail-on never --allow-new --baseline "$1" -- "$scratch/probe.yaml" >/dev/null 2>"$scratch/stderr" ||
        code=$?
    [ "$code" -eq 3 ] || return 0
    annotate warning "the base branch's ${1#"$here/base/"} is no baseline: $(said)"
    return 1
}

compare() {  # compare FOLDER WORKLOAD FILE: the record; no option that can serve the workload is an answer, too
    local code=0 options=(${day[@]+"${day[@]}"})
    mkdir -p "$(dirname "$3")"
    # Data that this pull request adds is not there before.
    if [ "$1" = . ] || (cd "$1" && [ -e "${TCO_CHECK_DATA:-}" ]); then options+=(${data[@]+"${data[@]}"}); fi
    (cd "$1" && tco compare --json --draws 0 ${options[@]+"${options[@]}"} -- "$2") >"$3" 2>"$scratch/stderr" || code=$?
    logged
    [ "$code" -le 1 ] || return "$code"
}

compare_both() {  # compare_both WORKLOAD: the record of now and, where the base branch has the workload, that of then
    local code=0
    case /$1/ in
        */../*)
            fails 2 "$1: expected a path in this repository, without .."
            return
            ;;
    esac
    compare . "$1" "$here/now/$1" || code=$?
    if [ "$code" -ne 0 ]; then
        fails "$code" "$1 cannot be compared: $(said)$(gone "$1")"
        return
    fi
    results+=("$here/now/$1")
    # A name that is no file here is one of the catalogue, there as well.
    if [ -d "$here/base" ] && { [ -e "$here/base/$1" ] || [ ! -e "$1" ]; }; then
        if compare "$here/base" "$1" "$here/was/$1"; then
            baseline+=(--baseline "$here/was/$1")
        else
            annotate warning "the base branch's $1 cannot be compared: $(said)"
        fi
    fi
}

gone() {  # gone WORKLOAD
    if [ ! -e "$1" ] && [ -e "$here/base/$1" ]; then
        printf '%s' '; the base branch has it: take a deleted workload off the list'
    fi
}

checked() {  # checked FORMAT FILE
    local code=0
    tco check --format "$1" --fail-on "${TCO_FAIL_ON:-error}" --allow-new \
        ${day[@]+"${day[@]}"} ${data[@]+"${data[@]}"} ${baseline[@]+"${baseline[@]}"} -- ${files[@]+"${files[@]}"} ${results[@]+"${results[@]}"} \
        >"$scratch/raw" 2>"$scratch/stderr" || code=$?
    named <"$scratch/raw" >"$2"
    return "$code"
}

finish() {
    if [ -s "$scratch/problems" ]; then
        [ -s "$report" ] || printf '<!-- tco:check -->\n### tco check\n' >"$report"
        { printf '\nNot checked:\n\n' && sed 's/^/    /' "$scratch/problems"; } >>"$report"
    fi
    cat "$report" >>"$GITHUB_STEP_SUMMARY"
    printf 'exit-code=%s\nreport=%s\n' "$worst" "$report" >>"$GITHUB_OUTPUT"
    exit 0
}

# --- what is asked ------------------------------------------------------------------------------------

while IFS=$' \t' read -r line; do [ -z "$line" ] || files+=("$line"); done <<<"${TCO_FILES:-}"
while IFS=$' \t' read -r line; do [ -z "$line" ] || workloads+=("$line"); done <<<"${TCO_WORKLOADS:-}"
[ -z "${TCO_CHECK_AS_OF:-}" ] || day+=(--as-of "$TCO_CHECK_AS_OF")
[ -z "${TCO_CHECK_DATA:-}" ] || data+=(--data "$TCO_CHECK_DATA")
if [ $((${#files[@]} + ${#workloads[@]})) -eq 0 ]; then
    fails 2 "nothing to check: set files, workloads or both"
    finish
fi

# --- the base branch ----------------------------------------------------------------------------------

trap clean_up EXIT
rm -rf "$here"
mkdir "$here"
base=$(base_commit)
if [ -n "$base" ] && ! check_out_base "$base" 2>"$scratch/stderr"; then
    fails 3 "the base branch ($base) cannot be read: $(said); check out with fetch-depth: 0"
    finish
fi
for file in ${files[@]+"${files[@]}"}; do
    if [ -e "$here/base/$file" ] && usable "$here/base/$file"; then baseline+=(--baseline "$here/base/$file"); fi
done
for workload in ${workloads[@]+"${workloads[@]}"}; do compare_both "$workload"; done

# --- the check ----------------------------------------------------------------------------------------

if [ $((${#files[@]} + ${#results[@]})) -gt 0 ]; then
    code=0
    checked github "$scratch/annotations" || code=$?
    logged
    cat "$scratch/annotations"
    if [ "$code" -gt 1 ] && ! grep -q '^::error' "$scratch/annotations"; then
        fails "$code" "$(said)"
    fi
    leaves "$code"
    checked comment "$report" || true
fi
finish
