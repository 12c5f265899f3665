# What zsh itself offers at the end of lines: zsh -f offers.zsh FOLDER LINE...
# FOLDER has zsh/_dmfd. For each LINE it prints the offers, one a line, and then what becomes of the line, after a tab.
zmodload zsh/zpty
offers=$(mktemp)
zpty shell zsh -f -i
setup="cd /; PS1=; fpath=($1/zsh \$fpath); autoload -Uz compinit; compinit -D -u
compadd() {
  local -a some
  if (( \${@[(I)-[OAD]*]} )); then builtin compadd \"\$@\"; return; fi
  builtin compadd -O some \"\$@\"
  (( \$#some == 0 )) || print -rl -- \$some >>$offers
  builtin compadd \"\$@\"
}
offer() { zle complete-word; print -r -- \$'\\t'\$BUFFER >>$offers; BUFFER= }
zle -N offer; bindkey '^I' offer; setopt no_always_last_prompt; unsetopt auto_list beep; stty rows 1000 columns 200"
zpty -w shell "${(F)${(f)setup}}"
for ((at = 2; at <= $#; at++)); do
  zpty -w -n shell "${argv[at]}"$'\t'
  until (($(grep -c $'^\t' $offers) == at - 1)); do zpty -r -t shell piece || sleep 0.02; done
done
zpty -d shell
cat $offers
rm $offers
