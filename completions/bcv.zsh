#compdef bcv

_bcv_completion() {
  eval $(env _TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" _BCV_COMPLETE=complete_zsh bcv)
}

compdef _bcv_completion bcv
