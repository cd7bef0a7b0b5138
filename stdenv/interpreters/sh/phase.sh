# The library of phases in shell, for the shell of busybox: sh phase.sh json.awk SCRIPT PHASE.JSON
#
# It is read before the script, which then finds the functions below, the programs of busybox, and no variables of others.
# An unset variable or a command that fails ends the phase. What `$( )` gives is best assigned first, because the shell
# does not look at exit codes elsewhere. Names that start with "_" are the library's own.
#
#   phase_get PATH [DEFAULT]   print a value of phase.json as text; json.awk says what a PATH is
#   phase_has PATH             say whether there is one
#   phase_words PATH           print the elements of a list or object, quoted: eval "set -- $(phase_words data.flags)"
#   phase_keys PATH            print the keys of an object, quoted
#   output [NAME]              print the path of an output, `out` by default
#   tool NAME                  print the path of a program of the tools; find_tool says nothing where there is none
#   tool_path                  print the PATH of the tools
#   run [-C FOLDER] COMMAND…   run a command with the variables in `environment`, quoted words; its failure ends the phase
#   standard_environment       set `environment` for tools: data.env on top of what is the same in every build
#   patch_shebangs FINDER FILE…  have scripts name programs by the paths that the function FINDER prints for their names
#   walk FUNCTION FOLDER       call a function with every path below a folder, a folder before what is in it
#   json_string TEXT           print a text as JSON
#   phase_result JSON          report a result
#   log TEXT…, fail MESSAGE    write to the log; end the phase
#
# Variables: phase_name, package_name, package_version, cores, work_directory, temporary_directory.

set -eu

# There is no PATH: the programs beside this shell are where its own file is, which the kernel tells.
while read -r _ _ _ _ _ _shell; do
  case $_shell in /*) break ;; esac
done </proc/self/maps
# They look for each other, as `find -exec` does, where the variable says; `run` takes it away again.
export PATH="${_shell%/*}"

_json=$1
_script=$2
_file=$3
environment=

log() {
  printf '%s\n' "$*" >&2
}

fail() {
  log "error in the phase ${phase_name:-}: $*"
  exit 1
}

phase_get() {
  _status=0
  awk -f "$_json" get "$1" "$_file" || _status=$?
  case $_status in
    0) ;;
    3) if [ $# -gt 1 ]; then printf '%s' "$2"; else fail "phase.json has no $1"; fi ;;
    4) fail "$1 of phase.json is a list or an object" ;;
    *) fail "cannot read phase.json" ;;
  esac
}

phase_has() {
  awk -f "$_json" type "$1" "$_file" >/dev/null
}

_query() {
  awk -f "$_json" "$1" "$2" "$_file" || fail "phase.json has no list of that form at $2"
}

phase_words() {
  _query words "$1"
}

phase_keys() {
  _query keys "$1"
}

# Print a key as a part of a PATH.
path_part() {
  printf '%s' "$1" | sed 's/[\\.]/\\&/g'
}

output() {
  _path=$(phase_get "outputs.$(path_part "${1:-out}")" "")
  [ -n "$_path" ] || fail "the package has no output ${1:-out}; its outputs are: $(phase_keys outputs)"
  printf '%s\n' "$_path"
}

# Print the folders with programs of inputs (tools or libraries), one a line, those of busybox last.
_program_folders() {
  _last=
  eval "set -- $1 $(phase_keys "inputs.$1")"
  _kind=$1
  shift
  for _each in "$@"; do
    if [ "$_each" = busybox ]; then _last=busybox; else _folders_of "$_kind" "$_each"; fi
  done
  [ -z "$_last" ] || _folders_of "$_kind" busybox
}

_folders_of() {
  eval "set -- $(phase_words "inputs.$1.$(path_part "$2")")"
  for _path in "$@"; do
    [ ! -d "$_path/bin" ] || printf '%s\n' "$_path/bin"
  done
}

# Print the path of a program of inputs. That of the input of the same name goes before all others.
_find_program() {
  if phase_has "inputs.$1.$(path_part "$2")"; then _own=$(_folders_of "$1" "$2"); else _own=; fi
  if [ "$1" = tools ]; then _all=$_tool_folders; else _all=$_library_folders; fi
  for _folder in $_own $_all; do
    if [ -f "$_folder/$2" ]; then
      printf '%s\n' "$_folder/$2"
      return
    fi
  done
}

find_tool() {
  _find_program tools "$1"
}

find_host_program() {
  _find_program libraries "$1"
}

tool() {
  _found=$(find_tool "$1")
  [ -n "$_found" ] || fail "no tool of the phase $phase_name has a program $1; its tools are: $(phase_keys inputs.tools)"
  printf '%s\n' "$_found"
}

tool_path() {
  _joined=
  for _folder in $_tool_folders; do _joined=$_joined${_joined:+:}$_folder; done
  printf '%s\n' "$_joined"
}

# Print words quoted for a shell, a space behind each.
quote_words() {
  for _word in "$@"; do
    case $_word in
      '' | *[!a-zA-Z0-9_@%+=:,./-]*)
        _quoted=
        while :; do
          case $_word in *\'*) ;; *) break ;; esac
          _quoted=$_quoted${_word%%\'*}"'\\''"
          _word=${_word#*\'}
        done
        printf "'%s' " "$_quoted$_word"
        ;;
      *) printf '%s ' "$_word" ;;
    esac
  done
}

run() {
  _cwd=.
  if [ "$1" = -C ]; then
    _cwd=$2
    shift 2
  fi
  _name=$1
  shift
  case $_name in */*) _program=$_name ;; *) _program=$(tool "$_name") ;; esac
  _line=$(quote_words "$_name" "$@")
  _line=${_line% }
  log "\$ $_line"
  _status=0
  (
    cd "$_cwd"
    _env=$(command -v env)
    # The arguments are shifted behind the variables.
    eval "exec \"\$_env\" -i $environment \"\$_program\" \"\$@\""
  ) >&2 || _status=$?
  [ "$_status" -ne 0 ] || return 0
  if [ "$_status" -gt 128 ]; then _how="by signal $((_status - 128))"; else _how="with exit code $_status"; fi
  fail "a command of the phase $phase_name ended $_how
  command: $_line"
}

standard_environment() {
  _shell=$(phase_get data.shell)
  _tools=$(tool_path)
  environment="PATH=$(quote_words "$_tools") SHELL=$(quote_words "$_shell") CONFIG_SHELL=$(quote_words "$_shell")"
  environment="$environment HOME=/homeless-shelter LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=315619200"
  environment="$environment TMPDIR=$(quote_words "$temporary_directory")"
  eval "set -- $(phase_keys data.env)"
  for _key in "$@"; do
    _value=$(phase_get "data.env.$(path_part "$_key")" && printf .)
    environment="$environment $_key=$(quote_words "${_value%.}")"
  done
}

walk() {
  local visit path
  visit=$1
  for path in "$2"/* "$2"/.[!.]* "$2"/..?*; do
    if [ -e "$path" ] || [ -L "$path" ]; then
      "$visit" "$path"
      if [ -d "$path" ] && [ ! -L "$path" ]; then walk "$visit" "$path"; fi
    fi
  done
}

patch_shebangs() {
  local finder file line program argument found
  finder=$1
  shift
  for file in "$@"; do
    [ -f "$file" ] && [ ! -L "$file" ] && [ -r "$file" ] || continue
    line=
    IFS= read -r -n 2 line <"$file" || continue
    [ "$line" = '#!' ] || continue
    IFS= read -r line <"$file" || [ -n "$line" ]
    _parse_shebang "${line#??}"
    case $program in '' | /nix/store/*) continue ;; esac
    found=$("$finder" "${program##*/}")
    [ -n "$found" ] || continue
    cp -p "$file" "$temporary_directory/.script"
    {
      printf '%s\n' "#!$found${argument:+ $argument}"
      tail -n +2 "$temporary_directory/.script"
    } >"$temporary_directory/.patched"
    chmod u+w "$file"
    cat "$temporary_directory/.patched" >"$file"
    chmod "$(stat -c %a "$temporary_directory/.script")" "$file"
    touch -r "$temporary_directory/.script" "$file"
  done
}

# Set `program` and `argument` to what a shebang says.
_parse_shebang() {
  set -f
  # shellcheck disable=SC2086
  set -- $1
  set +f
  program=${1:-}
  [ $# -eq 0 ] || shift
  case $program in
    env | */env)
      while [ $# -gt 0 ]; do
        case $1 in -* | *=*) shift ;; *) break ;; esac
      done
      program=${1:-}
      [ $# -eq 0 ] || shift
      ;;
  esac
  argument=$*
}

json_string() {
  # The point behind the text keeps line feeds at its end.
  printf '%s.' "$1" | awk '
    { text = text (NR > 1 ? "\n" : "") $0 }
    END {
      for (i = 1; i < 32; i++) escapes[sprintf("%c", i)] = sprintf("\\u%04x", i)
      escapes["\""] = "\\\""
      escapes["\\"] = "\\\\"
      for (i = 1; i < length(text); i++) {
        letter = substr(text, i, 1)
        result = result (letter in escapes ? escapes[letter] : letter)
      }
      printf "\"%s\"", result
    }'
}

phase_result() {
  printf '%s\n' "$1" >"${_file%/*}/result.json"
}

phase_name=$(phase_get phase.name)
package_name=$(phase_get package.name)
package_version=$(phase_get package.version)
cores=$(phase_get cores)
work_directory=$(phase_get workDirectory)
temporary_directory=$(phase_get temporaryDirectory)
_tool_folders=$(_program_folders tools)
_library_folders=$(_program_folders libraries)

set --
. "$_script"
